"""How the Charter spreads beyond this site: badges, lists for other sites, digests, certificates, posters, pictures."""
