def claim(r, name, user):
    key = f"username:{name}"
    owner = r.get(key)
    if owner is not None and owner != user:
        return False
    r.set(key, user, nx=True)
    return True
