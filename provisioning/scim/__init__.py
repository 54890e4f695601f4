"""The SCIM door: RFC 7643 and RFC 7644 on the wire, below `/scim/v2`; it translates and decides no rule."""
