// The pages work without this. It takes the link of a mail out of the address bar, shows passwords, and sends a
// form once when its button is clicked twice.
(() => {
  "use strict";

  const link = document.querySelector("[data-link]");

  const takeLink = () => {
    if (!link) return;
    const mark = "#token=";
    if (location.hash.startsWith(mark)) {
      try {
        link.value = decodeURIComponent(location.hash.slice(mark.length).split("&")[0]);
      } catch {
        link.value = location.hash.slice(mark.length);
      }
      link.removeAttribute("aria-invalid");
      history.replaceState(null, "", location.pathname + location.search);
    }
    const wrong = link.getAttribute("aria-invalid") === "true";
    link.closest(".field").hidden = Boolean(link.value) && !wrong;
  };

  takeLink();
  addEventListener("hashchange", takeLink);

  for (const field of document.querySelectorAll("input[type=password]")) {
    const button = document.createElement("button");
    const inside = document.createElement("div");
    button.type = "button";
    button.className = "reveal";
    button.setAttribute("aria-controls", field.id);
    const tell = () => {
      const shown = field.type === "text";
      button.textContent = shown ? "Hide" : "Show";
      button.setAttribute("aria-label", shown ? "Hide the password" : "Show the password");
    };
    button.addEventListener("click", () => {
      field.type = field.type === "text" ? "password" : "text";
      tell();
    });
    field.form.addEventListener("submit", () => {
      field.type = "password";
    });
    tell();
    inside.className = "revealing";
    field.replaceWith(inside);
    inside.append(field, button);
    if (field.autofocus) field.focus();
  }

  for (const form of document.forms) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) event.preventDefault();
      form.dataset.sent = "yes";
      setTimeout(() => delete form.dataset.sent, 2000);
    });
  }

  const secret = document.querySelector("input.secret");
  if (secret) secret.addEventListener("focus", () => secret.select());
})();
