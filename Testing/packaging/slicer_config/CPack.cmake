# Stands in for SlicerExtensionCPack.cmake: says that the extension asked for its package.
file(WRITE ${CMAKE_BINARY_DIR}/packaged.txt "${EXTENSION_NAME}\n")
