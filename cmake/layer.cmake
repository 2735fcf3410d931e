# add_layer(NAME DEPENDS a b ... SOURCES x.cpp ... TENSOR_SOURCES y.cpp ... [LINK target ...] [TENSOR_LINK target ...]
#           [HDF5_SOURCES z.cpp ...] [HDF5_LINK target ...])
# builds libraries from src/retort/NAME: retort_NAME_plain from the sources that need neither LibTorch nor HDF5, which the
# program is linked from; retort_NAME_hdf5, where it has HDF5_SOURCES, with those, for the module of the commands that write
# HDF5; and retort_NAME with everything, for the module with tensors and for tests. The layers have one order; a dependency on
# a layer that is not lower is an error here, and tools/check_layers.py checks every #include line in the same way.
set(RETORT_LAYERS base store text kernel data corpus model loss optim checkpoint decode metric train pretrained distill augment task measure recipe compat cli)

# RETORT_UNITY enables unity builds, which halve the CPU time of a full build: parsing the headers of LibTorch and JSON takes
# longer than compiling the sources. Names in the anonymous namespaces of one folder must then differ.
function(unite_sources target)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${RETORT_UNITY} UNITY_BUILD_BATCH_SIZE 10)
endfunction()

function(add_layer name)
  cmake_parse_arguments(arg "" "" "DEPENDS;SOURCES;TENSOR_SOURCES;HDF5_SOURCES;LINK;TENSOR_LINK;HDF5_LINK" ${ARGN})
  list(FIND RETORT_LAYERS ${name} rank)
  if(rank EQUAL -1)
    message(FATAL_ERROR "`${name}` must be one of the layers ${RETORT_LAYERS}")
  endif()
  foreach(dependency ${arg_DEPENDS})
    list(FIND RETORT_LAYERS ${dependency} dependency_rank)
    if(dependency_rank EQUAL -1 OR NOT dependency_rank LESS rank)
      message(FATAL_ERROR "layer `${name}` must depend on lower layers only, but lists `${dependency}`")
    endif()
  endforeach()
  list(TRANSFORM arg_DEPENDS PREPEND retort_)
  list(TRANSFORM arg_DEPENDS APPEND _plain OUTPUT_VARIABLE plain_depends)
  add_library_of_layer(retort_${name}_plain SOURCES ${arg_SOURCES} LINK ${plain_depends} ${arg_LINK} retort_torch_headers)
  if(arg_HDF5_SOURCES)
    set(hdf5_depends "")
    foreach(dependency ${arg_DEPENDS})
      if(TARGET ${dependency}_hdf5)
        list(APPEND hdf5_depends ${dependency}_hdf5)
      endif()
    endforeach()
    add_library_of_layer(retort_${name}_hdf5 SOURCES ${arg_HDF5_SOURCES} LINK retort_${name}_plain ${hdf5_depends} ${arg_HDF5_LINK})
    list(PREPEND arg_TENSOR_LINK retort_${name}_hdf5)
  endif()
  add_library_of_layer(retort_${name} SOURCES ${arg_TENSOR_SOURCES} LINK retort_${name}_plain ${arg_DEPENDS} ${arg_TENSOR_LINK})
endfunction()

function(add_library_of_layer target)
  cmake_parse_arguments(arg "" "" "SOURCES;LINK" ${ARGN})
  if(NOT arg_SOURCES)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE ${arg_LINK})
    return()
  endif()
  add_library(${target} STATIC ${arg_SOURCES})
  target_include_directories(${target} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  unite_sources(${target})
  target_link_libraries(${target} PRIVATE retort_warnings PUBLIC ${arg_LINK})
endfunction()
