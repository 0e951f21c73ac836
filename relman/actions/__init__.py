"""The use cases, one module each: a frozen request and the ports in, a frozen result out. Nothing here prints."""
