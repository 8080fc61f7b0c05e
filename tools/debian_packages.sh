#!/bin/sh
# Installs the Debian packages that the 3D picture needs (software OpenGL), or says in one line which they are.
# Without them everything else works: the picture is then drawn without OpenGL.
packages="libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libxrender1"
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  echo "For the 3D picture, install:$missing (sudo apt-get install$missing). Going on without." >&2
  exit 0
fi
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >/dev/null 2>&1 ||
  echo "Could not install:$missing. The 3D picture will be drawn without OpenGL." >&2
exit 0
