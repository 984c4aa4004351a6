"""Images in a folder or a zip archive.

image_folder  all images of a folder or a zip archive, as a `Dataset`
archives      the files in it, their classes, and the split into training and test images
decoding      decoding and resizing one image file
"""
