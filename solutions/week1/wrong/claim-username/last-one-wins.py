def claim(r, name, user):
    owner = r.set(f"username:{name}", user, get=True)
    return owner is None or owner == user
