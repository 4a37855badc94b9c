//! Environments on disk: realise packages, build a generation, switch, verify.
