// The same interface as loops on the CPU, so that tests prove the arithmetic where there is no device.
#include "epilogue.cu"
#include "errors.cu"
#include "feature_search.cu"
#include "mask_term.cu"
#include "patch_loss.cu"
#include "resampling.cu"
