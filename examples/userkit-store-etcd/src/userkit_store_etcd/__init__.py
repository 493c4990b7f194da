"""User accounts in etcd: a store for userkit, named by ``etcd://host:port``."""

from userkit_store_etcd.store import EtcdStore

__all__ = ["EtcdStore"]
