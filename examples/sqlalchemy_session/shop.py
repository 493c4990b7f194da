"""A shop whose orders and users are committed together: ``python examples/sqlalchemy_session/shop.py``.

What it keeps is in the folder ``shop-data``, or where ``DATA`` says. Without ``SECRET`` everybody is
signed out when it starts again.
"""

import os
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, SecretStr
from sqlalchemy import CheckConstraint, ForeignKey, create_engine, event, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from userkit import SyncUserKit, UserKit
from userkit.backends.sqlalchemy import SQLAlchemyStore, UserRow
from userkit.integrations.fastapi import CurrentIdentity, UserKitRouter

PORT = int(os.environ.get("PORT", "8000"))
DATA = Path(os.environ.get("DATA", "shop-data")).absolute()
SECRET = os.environ.get("SECRET") or secrets.token_urlsafe(32)
STOCK = {"Analytical engine": 2, "Difference engine": 1}


class Base(DeclarativeBase):
    """The tables of the shop."""


class Product(Base):
    """What is sold, while stocks last: the database lets nothing be sold that is not there."""

    __tablename__ = "products"
    __table_args__ = (CheckConstraint("stock >= 0", name="ck_products_stock"),)

    title: Mapped[str] = mapped_column(primary_key=True)
    stock: Mapped[int]


class Order(Base):
    """Who has bought what; the orders of somebody go with the account."""

    __tablename__ = "orders"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey(UserRow.id, ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(ForeignKey(Product.title))
    user: Mapped[UserRow] = relationship(UserRow)


class Newcomer(BaseModel):
    """Somebody who buys something, and has no account yet."""

    email: str
    name: str
    password: SecretStr
    title: str


DATA.mkdir(mode=0o700, parents=True, exist_ok=True)
engine = create_engine(f"sqlite:///{DATA / 'shop.db'}")


@event.listens_for(engine, "connect")
def heed_foreign_keys(connection: Any, _: object) -> None:
    """Have SQLite heed foreign keys, which it does not by itself."""
    connection.execute("PRAGMA foreign_keys = ON")


# Two kits over one engine: the first serves HTTP, the second joins the sessions of endpoints that block.
kit = UserKit(SQLAlchemyStore.from_engine(engine), secret=SECRET)
blocking = SyncUserKit(SQLAlchemyStore.from_engine(engine), secret=SECRET, prepare=False)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
    """Open the kits, and make the tables that refer to theirs."""
    async with kit:
        with blocking:
            Base.metadata.create_all(engine)
            with Session(engine) as session, session.begin():
                for title, stock in STOCK.items():
                    if session.get(Product, title) is None:
                        session.add(Product(title=title, stock=stock))
            yield
    engine.dispose()


app = FastAPI(title="Shop", lifespan=lifespan)
app.include_router(UserKitRouter(kit))


def buy(session: Session, user_id: str, title: str) -> None:
    """Put an order into a transaction. Raises IntegrityError, and the whole transaction is undone."""
    session.execute(update(Product).where(Product.title == title).values(stock=Product.stock - 1))
    session.add(Order(user_id=user_id, title=title))
    session.flush()


@app.post("/first-order", status_code=201)
def order_first(newcomer: Newcomer) -> dict[str, str]:
    """Open an account with its first order: both are kept, or neither."""
    try:
        with Session(engine) as session, session.begin():
            joined = blocking.with_store(SQLAlchemyStore.from_session(session))
            user = joined.users.register(
                email=newcomer.email, name=newcomer.name, password=newcomer.password.get_secret_value()
            )
            buy(session, user.id, newcomer.title)
    except IntegrityError:
        raise HTTPException(409, "It is sold out, and no account was opened.") from None
    return {"user_id": user.id}


@app.post("/orders", status_code=201)
def order(identity: CurrentIdentity, title: str) -> dict[str, str]:
    """Buy something."""
    try:
        with Session(engine) as session, session.begin():
            buy(session, identity.user_id, title)
    except IntegrityError:
        raise HTTPException(409, "It is sold out.") from None
    return {"title": title}


@app.get("/orders")
def orders(identity: CurrentIdentity) -> Sequence[Mapping[str, str]]:
    """Show your orders, joined to your name."""
    mine = (
        select(Order.title, UserRow.name)
        .join(Order.user)
        .where(Order.user_id == identity.user_id)
        .order_by(Order.id)
    )
    with Session(engine) as session:
        return [{"title": title, "buyer": name} for title, name in session.execute(mine).tuples()]


@app.get("/stock")
def stock() -> Mapping[str, int]:
    """Tell what is left."""
    with Session(engine) as session:
        return {each.title: each.stock for each in session.scalars(select(Product))}


if __name__ == "__main__":
    import uvicorn

    uvicorn.run(app, port=PORT)
