"""The register: products, assets, risks, and the parameters that people give them."""
