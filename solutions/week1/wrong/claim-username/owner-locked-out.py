def claim(r, name, user):
    return bool(r.set(f"username:{name}", user, nx=True))
