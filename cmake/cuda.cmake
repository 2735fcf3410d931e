# libretort_cuda.so, the device library for CUDA, which the program loads on --device cuda. It needs a few headers of CUDA:
# cuda_runtime_api.h is in the wheel nvidia-cuda-runtime of the environment, crt/host_defines.h in the wheel nvidia-cuda-crt
# (`make setup-cuda`) or in a CUDA toolkit. What it calls is in libtorch_cuda.so and libc10_cuda.so of the torch wheel; the
# libraries that these need are looked for when they are loaded, not when they are linked.
set(RETORT_CUDA AUTO CACHE STRING "Build libretort_cuda.so, which --device cuda loads: AUTO (where the headers of CUDA are), ON or OFF")
set_property(CACHE RETORT_CUDA PROPERTY STRINGS AUTO ON OFF)
if(NOT RETORT_CUDA MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "`RETORT_CUDA` must be AUTO, ON or OFF, but is `${RETORT_CUDA}`")
endif()

# Says why the library is not built; with RETORT_CUDA=ON that is an error.
function(leave_out_cuda reason)
  if(RETORT_CUDA STREQUAL "ON")
    message(FATAL_ERROR "`RETORT_CUDA` must be AUTO or OFF here: ${reason}")
  endif()
  message(STATUS "libretort_cuda.so is not built (--device cuda needs it): ${reason}")
endfunction()

function(add_cuda_library)
  if(RETORT_CUDA STREQUAL "OFF")
    leave_out_cuda("RETORT_CUDA is OFF")
    return()
  endif()
  if(RETORT_SANITIZER)
    leave_out_cuda("sanitizers are on")
    return()
  endif()
  set(folders "${RETORT_SITE_PACKAGES}/nvidia/cu13/include" "$ENV{CUDA_HOME}/include" /usr/local/cuda/include)
  find_path(CUDA_RUNTIME_INCLUDE cuda_runtime_api.h PATHS ${folders})
  find_path(CUDA_CRT_INCLUDE crt/host_defines.h PATHS ${folders})
  find_library(C10_CUDA_LIBRARY c10_cuda PATHS "${TORCH_ROOT}/lib" NO_DEFAULT_PATH)
  foreach(wanted "CUDA_RUNTIME_INCLUDE:cuda_runtime_api.h" "CUDA_CRT_INCLUDE:crt/host_defines.h" "C10_CUDA_LIBRARY:libc10_cuda.so of torch")
    string(REPLACE ":" ";" wanted "${wanted}")
    list(GET wanted 0 variable)
    list(GET wanted 1 file)
    if(NOT ${variable})
      leave_out_cuda("${file} was not found; `make setup-cuda` installs what is missing")
      return()
    endif()
  endforeach()
  add_library(retort_cuda MODULE library.cpp recorded_graph.cpp collectives.cpp nccl.cpp)
  target_include_directories(retort_cuda PRIVATE ${CMAKE_SOURCE_DIR}/src)
  # After the system's, as LibTorch's headers; the wheel is of the version that LibTorch was built with.
  target_compile_options(retort_cuda PRIVATE "SHELL:-idirafter \"${CUDA_RUNTIME_INCLUDE}\"" "SHELL:-idirafter \"${CUDA_CRT_INCLUDE}\"")
  target_link_libraries(retort_cuda PRIVATE retort_warnings retort_torch fmt::fmt "${TORCH_ROOT}/lib/libtorch_cuda.so" "${C10_CUDA_LIBRARY}"
                                            ${CMAKE_DL_LIBS})
  set_target_properties(retort_cuda PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR} UNITY_BUILD OFF)
endfunction()
