# Stands in for SlicerExtensionGenerateConfig.cmake: writes the extension's metadata, NAME, tab, value.
set(_metadata "")
foreach(_name NAME HOMEPAGE CATEGORY CONTRIBUTORS DESCRIPTION ICONURL SCREENSHOTURLS DEPENDS)
  string(APPEND _metadata "${_name}\t${EXTENSION_${_name}}\n")
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/metadata.txt "${_metadata}")
