# LibTorch from the torch wheel, as hand-written imported targets: the wheel's own TorchConfig.cmake requires a CUDA
# toolkit even for programs that never use a GPU. Its headers come after the system's (-idirafter), so that the wheel's
# bundled fmt does not shadow the system's.
file(GLOB RETORT_SITE_PACKAGES "${RETORT_VENV}/lib/python3*/site-packages")
find_path(TORCH_ROOT NAMES include/ATen/ATen.h PATHS "${RETORT_SITE_PACKAGES}/torch" "${RETORT_TORCH}" NO_DEFAULT_PATH)
if(NOT TORCH_ROOT)
  message(FATAL_ERROR "torch was not found in `${RETORT_VENV}`: run `make setup` first, or pass -DRETORT_VENV=<environment>")
endif()
foreach(lib c10 torch_cpu)
  add_library(torch::${lib} SHARED IMPORTED)
  set_target_properties(torch::${lib} PROPERTIES IMPORTED_LOCATION "${TORCH_ROOT}/lib/lib${lib}.so")
endforeach()
add_library(retort_torch_headers INTERFACE)
target_compile_options(retort_torch_headers INTERFACE "SHELL:-idirafter \"${TORCH_ROOT}/include\""
                                              "SHELL:-idirafter \"${TORCH_ROOT}/include/torch/csrc/api/include\"")
target_compile_definitions(retort_torch_headers INTERFACE AT_PER_OPERATOR_HEADERS)
add_library(retort_torch INTERFACE)
target_link_libraries(retort_torch INTERFACE retort_torch_headers torch::torch_cpu torch::c10)
file(GLOB RETORT_CUDA_LIBS "${RETORT_SITE_PACKAGES}/nvidia/cu13/lib")
target_link_options(retort_torch INTERFACE "LINKER:-rpath,${TORCH_ROOT}/lib" "LINKER:-rpath,${RETORT_CUDA_LIBS}"
                                           "LINKER:-rpath-link,${TORCH_ROOT}/lib:${RETORT_CUDA_LIBS}"
                                           "LINKER:--allow-shlib-undefined")
