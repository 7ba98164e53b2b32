predictions = {
    "INCR try:visits": 1,
    "GET try:visits": 1,
    "INCR try:name": "ResponseError",
    "APPEND try:greeting !": 6,
    "GETRANGE try:greeting -3 -1": "lo!",
    "GET try:gap": "\x00\x00\x00x",
    "SET try:seat bob NX": None,
    "STRLEN try:letter": 2,
    "MGET try:seat try:nobody": ["ada", None],
}
