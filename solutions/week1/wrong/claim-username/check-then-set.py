def claim(r, name, user):
    key = f"username:{name}"
    owner = r.get(key)
    if owner is None:
        r.set(key, user)
        return True
    return owner == user
