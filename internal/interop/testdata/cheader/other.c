/* A second file with the header: what is entered here is entered there. */
#define functions other_functions
#include "functions.h"
