choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "redis",
    "notes": "object store",
    "leaderboard": "redis",
}
