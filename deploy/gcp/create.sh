#!/usr/bin/env bash
# Makes a virtual machine with a disk of its own on Google Cloud, on which Vakt runs as a container and restarts with the machine.
#   PROJECT=my-project IMAGE=europe-docker.pkg.dev/my-project/vakt/vakt:0.1.0 bash deploy/gcp/create.sh vakt.env
# vakt.env holds the settings, as .env does, but without quotes around values. It becomes a secret of Secret Manager; nothing of it is in the machine's metadata.
set -euo pipefail

settings=${1:?Usage: PROJECT=… IMAGE=… create.sh <file with settings>}
: "${PROJECT:?Set PROJECT to the id of the project}" "${IMAGE:?Set IMAGE to the image of Vakt}"
zone=${ZONE:-europe-west1-b}
name=${NAME:-vakt}
account=$name@$PROJECT.iam.gserviceaccount.com
here=$(cd "$(dirname "$0")" && pwd)
gcp() { gcloud --project "$PROJECT" --quiet "$@"; }

gcp services enable compute.googleapis.com secretmanager.googleapis.com
gcp iam service-accounts create "$name" --display-name "Vakt"
gcp secrets create "$name-settings" --replication-policy automatic --data-file "$settings"
gcp secrets add-iam-policy-binding "$name-settings" \
  --member "serviceAccount:$account" --role roles/secretmanager.secretAccessor
# An image of Artifact Registry is private.
if [[ $IMAGE =~ ^([a-z0-9-]+)-docker\.pkg\.dev/([^/]+)/([^/]+)/ ]]; then
  gcloud --quiet --project "${BASH_REMATCH[2]}" artifacts repositories add-iam-policy-binding "${BASH_REMATCH[3]}" \
    --location "${BASH_REMATCH[1]}" --member "serviceAccount:$account" --role roles/artifactregistry.reader
fi

gcp compute disks create "$name-data" --zone "$zone" --size 20GB --type pd-balanced
# The snapshots are of the whole disk; "vakt backup" to a bucket is what restores a single Vakt.
gcp compute resource-policies create snapshot-schedule "$name-daily" --region "${zone%-*}" \
  --daily-schedule --start-time 03:00 --max-retention-days 14
gcp compute disks add-resource-policies "$name-data" --zone "$zone" --resource-policies "$name-daily"

gcp compute instances create "$name" --zone "$zone" --machine-type e2-small \
  --image-family cos-stable --image-project cos-cloud --shielded-secure-boot \
  --service-account "$account" --scopes cloud-platform \
  --disk "name=$name-data,device-name=vakt-data,mode=rw,boot=no,auto-delete=no" \
  --metadata "vakt-image=$IMAGE,vakt-secret=$name-settings,google-logging-enabled=true" \
  --metadata-from-file "startup-script=$here/startup.sh"

echo "Vakt starts on $name. Its keys are printed once:"
echo "  gcloud compute ssh $name --project $PROJECT --zone $zone --tunnel-through-iap --command 'sudo docker logs vakt'"
