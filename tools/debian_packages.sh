#!/bin/sh
# Installs the Debian packages that the 3D picture (software OpenGL) and the tests of the Slicer module need (Qt
# without a screen: libraries and a font; cmake for the extension's build files), or says in one line which they are.
# Without them everything else works: the picture is then drawn without OpenGL, those tests fail or skip.
picture="libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libxrender1"
module="cmake fonts-dejavu-core libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 libxkbcommon0"
packages="$picture $module"
command -v dpkg-query >/dev/null 2>&1 || exit 0
missing=""
for package in $packages; do
  # Newer releases call some of them ...t64.
  dpkg-query -W -f='${Status}\n' "$package" "${package}t64" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
  as_root=""
elif sudo -n true 2>/dev/null; then
  as_root="sudo"
else
  echo "For the 3D picture and the module's tests, install:$missing (sudo apt-get install$missing). Going on." >&2
  exit 0
fi
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >/dev/null 2>&1 ||
  echo "Could not install:$missing. The 3D picture or the tests of the Slicer module may not work." >&2
exit 0
