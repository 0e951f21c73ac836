"""Looking at what is published: charts, versions, one version, and what differs between two.

place  ->  Catalogue (harbor_catalogue, oci_catalogue)  ->  records  ->  tables
"""
