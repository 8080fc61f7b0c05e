#!/bin/sh
# Installs the Debian packages that the 3D picture and the workstation (software OpenGL), the tests of the Slicer module
# (Qt without a screen: libraries and a font; cmake for the extension's build files) and those of the workstation (a
# browser) need, or says in one line which they are.
# With the word "picture" it looks at the first of these alone.
# Without them everything else works: the picture is then drawn without OpenGL, those tests fail or skip.
picture="libegl1 libegl-mesa0 libgl1-mesa-dri libgl1 libxrender1"
module="cmake fonts-dejavu-core libdbus-1-3 libfontconfig1 libfreetype6 libglib2.0-0 libxkbcommon0"
browser="chromium"
packages="$picture $module $browser"
[ "$1" = picture ] && packages="$picture"
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
  echo "For pictures, the workstation and the tests, install:$missing (sudo apt-get install$missing). Going on." >&2
  exit 0
fi
{ $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } >/dev/null 2>&1 ||
  echo "Could not install:$missing. Pictures, the workstation or some tests may not work." >&2
exit 0
