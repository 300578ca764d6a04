"""What the manager does from the desk."""
