# Stands in for the SlicerConfig.cmake of a Slicer build: just the variables that a scripted extension uses.
set(Slicer_USE_FILE ${CMAKE_CURRENT_LIST_DIR}/UseSlicer.cmake)
set(Slicer_EXTENSION_GENERATE_CONFIG ${CMAKE_CURRENT_LIST_DIR}/GenerateConfig.cmake)
set(Slicer_EXTENSION_CPACK ${CMAKE_CURRENT_LIST_DIR}/CPack.cmake)
set(Slicer_USE_PYTHONQT ON)
set(Slicer_QTSCRIPTEDMODULES_LIB_DIR lib/Slicer-5.10/qt-scripted-modules)
# On macOS the two differ (Slicer.app/Contents/Extensions-...): a mix-up of build and install place must show here too.
set(Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR Extensions-1/LiverTumorSeg/${Slicer_QTSCRIPTEDMODULES_LIB_DIR})
