choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "object store",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
