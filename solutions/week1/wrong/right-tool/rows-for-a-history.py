choices = {
    "sessions": "redis",
    "countries": "dict",
    "orders": "relational",
    "photos": "object store",
    "clicks": "relational",
    "api-limit": "redis",
    "notes": "relational",
    "leaderboard": "redis",
}
