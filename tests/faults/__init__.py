"""What userkit answers when something around it is wrong."""
