"""What is particular about the store on MongoDB."""
