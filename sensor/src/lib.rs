//! Gridtap: a passive network sensor for the control networks of electric grids.

pub mod decode;
pub mod flow;
pub mod limits;
pub mod source;
