"""Sources and file formats of the data sets that have a name.

faces           rendered faces with known factors of variation
idx_sources     places that the files of MNIST and Fashion-MNIST come from
idx             the IDX format of these files
downloads       downloads from web servers and from Debian's archive
mnist_packages  MNIST as contained in Python packages
frey            the Frey faces
emoji_font      emoji from Google's Noto font, as a zip archive
"""
