def claim(r, name, user):
    key = f"username:{name}"
    return r.set(key, user, nx=True) or (r.get(key) == user or None)
