choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "log",
    "api-limit": "log",
    "notes": "relational",
    "leaderboard": "redis",
}
