# Stands in for Slicer's UseSlicer.cmake: macros that refuse absent files, copy as Slicer's do while building and
# installing, and write down each call in calls.txt of the build folder (name, then its arguments, between tabs).
include(CMakeParseArguments)

option(BUILD_TESTING "As Slicer's: on unless switched off" ON)
set(EXTENSION_NAME ${PROJECT_NAME})
set(_calls ${CMAKE_BINARY_DIR}/calls.txt)
file(WRITE ${_calls} "")

function(_write_call)
  string(REPLACE ";" "\t" line "${ARGN}")
  file(APPEND ${_calls} "${line}\n")
endfunction()

function(_refuse_absent caller)
  foreach(name IN LISTS ARGN)
    if(NOT IS_ABSOLUTE ${name})
      set(name ${CMAKE_CURRENT_SOURCE_DIR}/${name})
    endif()
    if(NOT EXISTS ${name} OR IS_DIRECTORY ${name})
      message(FATAL_ERROR "${caller} was given a file that does not exist: ${name}")
    endif()
  endforeach()
endfunction()

# Scripts and resources are copied by the build, and the whole folder is installed.
macro(ctkMacroCompilePythonScript)
  _write_call(ctkMacroCompilePythonScript ${ARGN})
  cmake_parse_arguments(MY "NO_INSTALL_SUBDIR" "TARGET_NAME;DESTINATION_DIR;INSTALL_DIR" "SCRIPTS;RESOURCES" ${ARGN})
  foreach(_name TARGET_NAME SCRIPTS DESTINATION_DIR INSTALL_DIR)
    if(NOT MY_${_name})
      message(FATAL_ERROR "ctkMacroCompilePythonScript: ${_name} is mandatory")
    endif()
  endforeach()
  _refuse_absent(ctkMacroCompilePythonScript ${MY_SCRIPTS} ${MY_RESOURCES})

  set(_copies)
  foreach(_file ${MY_SCRIPTS} ${MY_RESOURCES})
    add_custom_command(
      OUTPUT ${MY_DESTINATION_DIR}/${_file}
      COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/${_file} ${MY_DESTINATION_DIR}/${_file}
      DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${_file}
      )
    list(APPEND _copies ${MY_DESTINATION_DIR}/${_file})
  endforeach()
  add_custom_target(Copy${MY_TARGET_NAME}PythonFiles ALL DEPENDS ${_copies})

  set(_installed ${MY_DESTINATION_DIR})
  if(MY_NO_INSTALL_SUBDIR)
    set(_installed ${MY_DESTINATION_DIR}/)
  endif()
  install(DIRECTORY ${_installed} DESTINATION ${MY_INSTALL_DIR} COMPONENT RuntimeLibraries USE_SOURCE_PERMISSIONS)
endmacro()

macro(slicerMacroBuildScriptedModule)
  _write_call(slicerMacroBuildScriptedModule ${ARGN})
  cmake_parse_arguments(MY_SLICER "WITH_GENERIC_TESTS;WITH_SUBDIR;VERBOSE" "NAME" "SCRIPTS;RESOURCES" ${ARGN})
  if(MY_SLICER_UNPARSED_ARGUMENTS OR MY_SLICER_WITH_SUBDIR OR NOT DEFINED MY_SLICER_NAME)
    message(FATAL_ERROR "slicerMacroBuildScriptedModule: expected NAME, SCRIPTS, RESOURCES, found ${ARGN}")
  endif()
  ctkMacroCompilePythonScript(
    TARGET_NAME ${MY_SLICER_NAME}
    SCRIPTS ${MY_SLICER_SCRIPTS}
    RESOURCES ${MY_SLICER_RESOURCES}
    DESTINATION_DIR ${CMAKE_BINARY_DIR}/${Slicer_QTSCRIPTEDMODULES_LIB_DIR}
    INSTALL_DIR ${Slicer_INSTALL_QTSCRIPTEDMODULES_LIB_DIR}
    NO_INSTALL_SUBDIR
    )
endmacro()

macro(slicer_add_python_unittest)
  _write_call(slicer_add_python_unittest ${ARGN})
  cmake_parse_arguments(MY_TEST "" "SCRIPT;TESTNAME_PREFIX" "SLICER_ARGS" ${ARGN})
  _refuse_absent(slicer_add_python_unittest ${MY_TEST_SCRIPT})
endmacro()
