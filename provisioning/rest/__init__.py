"""The Provisioning API: wire-compatible with the published clients, and our own calls beside it. Translates only."""
