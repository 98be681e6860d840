//! Captures made by code: frames written from the protocol tables, knowing no parser.
