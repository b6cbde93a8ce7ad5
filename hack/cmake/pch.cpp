// Holds the precompiled header; compiles to nothing.
