"""Write into the pages of the reference what is made of the code."""

from tests.docs.reference.pages import written

if __name__ == "__main__":
    for page, text in written().items():
        page.write_text(text, encoding="utf-8")
