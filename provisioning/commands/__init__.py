"""The operator's commands, a module a topic; `provisioning/cli.py` puts them together as `gatelodge`."""
