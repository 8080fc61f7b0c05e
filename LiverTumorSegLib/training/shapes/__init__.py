"""Training on the shapes of livers, without any image: Couinaud segments, portal vein and hepatic veins."""
