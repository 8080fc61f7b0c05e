"""The controlled experiment on partial labels (LVT, sections 4.1 and 4.2), on public data or on phantoms."""
