# SPDX-License-Identifier: Apache-2.0
#
# The shared library libgatewright.so and `cmake --install`: program, library, headers, package files
# for CMake (find_package(gatewright) -> gatewright::gatewright) and pkg-config, licence and pages.
# Only the C interface is visible in the library; its soname carries the ABI version.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(GW_ABI_VERSION 1)

find_package(asmjit QUIET CONFIG)
# gw_link_asmjit(<shared library or module>): lets a static AsmJit go into it (asmjit_stderr.cpp).
function(gw_link_asmjit target)
  if(TARGET asmjit::asmjit)
    target_sources(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src/library/asmjit_stderr.cpp)
    target_link_options(${target} PRIVATE LINKER:--wrap=stderr)
  endif()
endfunction()

add_library(gatewright_library SHARED ${PROJECT_SOURCE_DIR}/src/library/c_interface.cpp)
gw_link_asmjit(gatewright_library)
set_target_properties(gatewright_library PROPERTIES
  OUTPUT_NAME gatewright EXPORT_NAME gatewright
  VERSION ${GW_ABI_VERSION}.${PROJECT_VERSION} SOVERSION ${GW_ABI_VERSION}
  CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
  LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/src/library/symbols.map)
target_compile_definitions(gatewright_library PRIVATE GW_VERSION="${PROJECT_VERSION}")
target_include_directories(gatewright_library PUBLIC
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_compile_features(gatewright_library INTERFACE cxx_std_17)
target_link_libraries(gatewright_library PRIVATE $<BUILD_INTERFACE:gw_runtime>)
target_link_options(gatewright_library PRIVATE
  LINKER:--as-needed LINKER:--version-script=${PROJECT_SOURCE_DIR}/src/library/symbols.map)
if(NOT GW_SANITIZE)
  target_link_options(gatewright_library PRIVATE LINKER:--no-undefined)
endif()

install(TARGETS gatewright_library EXPORT gatewright LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS gatewright RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/gatewright.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_SOURCE_DIR}/include/gatewright/emulator.h
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/gatewright)
install(EXPORT gatewright NAMESPACE gatewright:: FILE gatewrightTargets.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gatewright)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/gatewrightConfig.cmake.in
  ${PROJECT_BINARY_DIR}/gatewrightConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gatewright)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/gatewrightConfigVersion.cmake
  COMPATIBILITY SameMajorVersion)
file(RELATIVE_PATH GW_PC_TO_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/gatewright.pc.in ${PROJECT_BINARY_DIR}/gatewright.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gatewrightConfig.cmake
        ${PROJECT_BINARY_DIR}/gatewrightConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/gatewright)
install(FILES ${PROJECT_BINARY_DIR}/gatewright.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md")
