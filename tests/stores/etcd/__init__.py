"""The example in examples/userkit-store-etcd, as somebody else's distribution and on a real etcd."""
