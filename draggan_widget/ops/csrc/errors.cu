#include "portable.h"

// What an error code means, in words.
DRAGGAN_EXPORT const char* draggan_error_message(int code) {
#if defined(__CUDACC__)
  return cudaGetErrorString(static_cast<cudaError_t>(code));
#else
  return code == 0 ? "no error" : "unknown error";
#endif
}
