//! Indicators: an address, a name, a URL or a hash that somebody vouches to be bad, looked up in a million.
