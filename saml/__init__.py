"""The SAML 2.0 service provider: the way in for people who log in through their organisation.

It knows python3-saml and xmlsec, our actions, domain and guard, and nothing else of ours. What the toolkit leaves open
is decided here, by named checks in tables: `message` reads, `shape` looks, `signature` and `encryption` verify,
`conditions` judges, and `response` puts them in this order.
"""
