#!/bin/sh
# An authority and, for each service, a certificate that it has signed: make-certificates.sh <directory> [name ...]
set -eu
directory=$1
shift
[ $# -gt 0 ] || set -- stock shop
umask 077
mkdir -p "$directory"
cd "$directory"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 \
  -subj '/CN=example authority' -keyout ca.key -out ca.crt 2>/dev/null

for name in "$@"; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj "/CN=$name" -keyout "$name.key" -out "$name.csr" 2>/dev/null
  # Who it is in the fleet, and the names by which it is dialled.
  printf 'subjectAltName=URI:spiffe://examples/%s,DNS:%s,DNS:localhost\n' "$name" "$name" >"$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 \
    -extfile "$name.ext" -out "$name.crt" 2>/dev/null
  rm "$name.csr" "$name.ext"
done
