choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "redis",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
