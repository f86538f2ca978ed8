#!/usr/bin/env bash
# Runs at each boot of the machine (Container-Optimized OS): mounts the disk, fetches the settings, starts the container.
set -euo pipefail

device=/dev/disk/by-id/google-vakt-data
data=/mnt/disks/vakt
metadata() { curl -fsS -H 'Metadata-Flavor: Google' "http://metadata.google.internal/computeMetadata/v1/$1"; }

# Only a disk that has no file system at all is formatted.
blkid "$device" >/dev/null || mkfs.ext4 -q -m 0 "$device"
mkdir -p "$data"
mountpoint -q "$data" || mount -o discard,noexec,nosuid,nodev "$device" "$data"
# The user "node" of the image.
chown 1000:1000 "$data"

image=$(metadata instance/attributes/vakt-image)
secret=$(metadata instance/attributes/vakt-secret)
project=$(metadata project/project-id)
token=$(metadata instance/service-accounts/default/token | sed -E 's/.*"access_token":"([^"]+)".*/\1/')
umask 077
mkdir -p /run/vakt
curl -fsS -H "Authorization: Bearer $token" \
  "https://secretmanager.googleapis.com/v1/projects/$project/secrets/$secret/versions/latest:access" |
  sed -nE 's/.*"data": *"([^"]+)".*/\1/p' | base64 -d >/run/vakt/vakt.env

export HOME=/run/vakt
# Other registries do not know the account of this machine.
case ${image%%/*} in
  *-docker.pkg.dev | *gcr.io) docker-credential-gcr configure-docker --registries "${image%%/*}" ;;
esac
docker pull "$image"
docker rm --force vakt 2>/dev/null || true
docker run --detach --name vakt --restart always --stop-timeout 20 \
  --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
  --env-file /run/vakt/vakt.env --env HOST=0.0.0.0 --env PORT=8080 --env DATA_DIR=/data \
  --volume "$data:/data" --publish 8080:8080 "$image"
