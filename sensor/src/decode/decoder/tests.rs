//! Frames of each link type, decoded.
