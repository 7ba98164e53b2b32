"""What survives the process: the append-only file (`aof`), the snapshot (`rdb`), and their formats."""
